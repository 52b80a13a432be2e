/**
 * DuckDB's JavaScript is in the bundle; its native part is one package for each platform, installed beside the program
 * where npm can (`optionalDependencies`). This stands in place of the package that chooses among them, which would bring
 * another one along to tell the two kinds of libc apart: here the one that loads is the right one.
 */
export const loaderSource = (prefix = '') => `
const platform = process.platform + '-' + process.arch;
const load = (name) => require(${JSON.stringify(prefix)} + '@duckdb/node-bindings-' + name + '/duckdb.node');
const loadAny = () => {
  try {
    return load(platform);
  } catch (error) {
    if (process.platform !== 'linux') throw error;
    try {
      return load(platform + '-musl');
    } catch (other) {
      throw other.code === 'MODULE_NOT_FOUND' ? error : other;
    }
  }
};
module.exports = loadAny();
`;

const ID = '\0duckdb-bindings.cjs';

/** @param {string} [prefix] the folder of `node_modules`, where the bundle lies somewhere else */
export const duckdbBindings = (prefix) => ({
  name: 'duckdb-bindings',
  resolveId: (id) => (id === '@duckdb/node-bindings' ? ID : null),
  load: (id) => (id === ID ? { code: loaderSource(prefix), moduleType: 'js' } : null),
});
