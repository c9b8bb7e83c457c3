/** Where the tests find the emulator that their command started. */
export const ENDPOINT_VARIABLE = 'DYNAMODB_LOCAL_ENDPOINT';
/** Where they find the server of objects that stands for S3. */
export const OBJECTS_VARIABLE = 'OBJECTS_ENDPOINT';
