/** Names of the places in which the tests of this folder run, separated by semicolons. */
export const PLACES_VARIABLE = 'PARITY_PLACES';
