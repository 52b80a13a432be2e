/**
 * Node's own modules cost 1 to 5 ms each (crypto, tty, fs/promises, readline) and most runs need few of them: at the head
 * of a chunk they become functions that require at the first use.
 *
 *     let node_crypto = require("node:crypto");            →  let node_crypto$; const node_crypto$get = () => …
 *     node_path = __toESM(node_path);                      →  (goes into the function)
 *     (0, node_crypto.randomBytes)(16)                     →  (0, node_crypto$get().randomBytes)(16)
 */
const HEAD = /^let (\w+) = require\((["']node:[\w/]+["'])\);$/gm;

const lazyOne = (code, name, spec) => {
  const declaration = `let ${name} = require(${spec});\n`;
  const wrap = new RegExp(`^${name} = ([\\w.$]+)\\(${name}(, 1)?\\);\\n`, 'm');
  const [wrapping, toESM, flag = ''] = code.match(wrap) ?? [];
  const body = code.replace(declaration, '').replace(wrapping ?? declaration, '');
  const uses = new RegExp(`(?<![\\w$.])${name}(?![\\w$])`, 'g');
  const members = new RegExp(`(?<![\\w$.])${name}(?=\\.)`, 'g');
  // Used as a whole somewhere (passed on, exported): not ours to change.
  if ((body.match(uses) ?? []).length !== (body.match(members) ?? []).length) return code;
  const required = toESM ? `${toESM}(require(${spec})${flag})` : `require(${spec})`;
  const getter = `let ${name}$; const ${name}$get = () => (${name}$ ??= ${required});\n`;
  const lazyBody = body.replace(new RegExp(`\\bnew ${name}((?:\\.\\w+)+)`, 'g'), `new (${name}$get()$1)`);
  return putBack(code.indexOf(declaration), lazyBody.replace(members, `${name}$get()`), getter);
};

/** The getter stands where the declaration stood: after the chunks it may need, before the code. */
const putBack = (at, body, getter) => body.slice(0, at) + getter + body.slice(at);

export const lazyBuiltins = () => ({
  name: 'lazy-builtins',
  renderChunk(code) {
    let text = code;
    for (const [, name, spec] of code.matchAll(HEAD)) text = lazyOne(text, name, spec);
    return { code: text };
  },
});
