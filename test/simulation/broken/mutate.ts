import { registerHooks } from 'node:module';
import { type Mutation, mutations } from './mutations.ts';

/** Loaded before all else in a process whose engine is to be broken: replaces what `BROKEN_ENGINE` says. */

const name = process.env['BROKEN_ENGINE'] ?? '';
const wanted: readonly Mutation[] = name in mutations ? mutations[name as keyof typeof mutations] : [];

registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context);
    const own = wanted.filter(({ file }) => url.endsWith(`/${file}`));
    if (own.length === 0) return loaded;
    const { source: raw = '' } = loaded;
    let source = typeof raw === 'string' ? raw : new TextDecoder().decode(raw);
    for (const { file, from, to } of own) {
      if (source.split(from).length !== 2) throw new Error(`${name}: ${file} must have once: ${from}`);
      source = source.replace(from, () => to);
    }
    return { ...loaded, source };
  },
});
