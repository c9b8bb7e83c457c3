/** Where the tests find the emulator that their command started. */
export const ENDPOINT_VARIABLE = 'SERVICES_ENDPOINT';
