/** Version of the package. A constant, because bundles and the published build have no `package.json` beside them; a test compares it. */
export const packageVersion = '0.1.0';
