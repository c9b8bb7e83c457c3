import type { Place } from '../../runtime/places.ts';
import { localPlaces } from './local.ts';
import { PLACES_VARIABLE } from './names.ts';

const wanted = process.env[PLACES_VARIABLE]?.split(';') ?? ['memory', 'sqlite'];

/** The places that were asked for; without a wish, those that take no time and need nothing. */
export const places: readonly Place[] = localPlaces.filter(({ name }) => wanted.includes(name));
