/** Names of the places in which the tests of this folder run, separated by semicolons. */
export const PLACES_VARIABLE = 'PARITY_PLACES';

/** The place that needs DynamoDB Local. */
export const AWS_PLACE = 'dynamodb, eventbridge and sqs';
