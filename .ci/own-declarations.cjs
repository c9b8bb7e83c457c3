// Checks the declarations of a package as its user's compiler does without `skipLibCheck`, but only its own: those of the
// packages that it builds on have errors of theirs, and take the compiler most of its time.
// usage: node own-declarations.cjs TYPESCRIPT PACKAGE FILE   (a compiler with an API: before 7)
const [, , compiler, name, file] = process.argv;
const ts = require(compiler);
const { options } = ts.convertCompilerOptionsFromJson(
  {
    target: 'es2022',
    lib: ['es2022'],
    types: ['node'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
  },
  process.cwd(),
);
const program = ts.createProgram([file], options);
const own = program
  .getSourceFiles()
  .filter(({ fileName }) => fileName === file || fileName.includes(`/node_modules/${name}/dist/`));
const found = [
  ...program.getOptionsDiagnostics(),
  ...own.flatMap((source) => [
    ...program.getSyntacticDiagnostics(source),
    ...program.getSemanticDiagnostics(source),
  ]),
];
console.log(
  found.length === 0 ? `${own.length} files` : ts.formatDiagnostics(found, ts.createCompilerHost(options)),
);
process.exitCode = found.length === 0 && own.length > 1 ? 0 : 1;
