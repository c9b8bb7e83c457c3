/** The source that may ask for runs in what the suites deploy. Its runs belong to nobody, as those of an open API do. */
export const shop = { source: 'suite.shop', workflows: ['orders'] };
