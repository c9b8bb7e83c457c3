import type { Place } from '../../runtime/places.ts';
import { localPlaces } from './local.ts';
import { AWS_PLACE, DEPLOYED_PLACE, PLACES_VARIABLE } from './names.ts';

const wanted = process.env[PLACES_VARIABLE]?.split(';') ?? ['memory', 'sqlite'];

/** Loaded where it was asked for only: without its emulator it would refuse to be. */
const onAws: readonly Place[] = wanted.includes(AWS_PLACE)
  ? [{ name: AWS_PLACE, hostile: true, open: (await import('./aws.ts')).onAws }]
  : [];

/** The same, without the stack. */
const deployed: readonly Place[] = wanted.includes(DEPLOYED_PLACE)
  ? [{ name: DEPLOYED_PLACE, hostile: true, open: (await import('./deployed/over-http.ts')).overHttp }]
  : [];

/** The places that were asked for; without a wish, those that take no time and need nothing. */
export const places: readonly Place[] = [
  ...localPlaces.filter(({ name }) => wanted.includes(name)),
  ...onAws,
  ...deployed,
];
