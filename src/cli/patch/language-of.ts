/** Language by the end of a file's name. */
const BY_EXTENSION: Record<string, string> = Object.fromEntries(
  Object.entries({
    bash: 'sh bash zsh ksh bats',
    c: 'c',
    clojure: 'clj cljs cljc edn',
    cmake: 'cmake',
    cpp: 'cc cpp cxx h hh hpp hxx ino cu',
    csharp: 'cs csx',
    css: 'css',
    dart: 'dart',
    diff: 'diff patch',
    elixir: 'ex exs',
    elm: 'elm',
    erlang: 'erl hrl',
    fsharp: 'fs fsi fsx',
    go: 'go',
    gradle: 'gradle',
    graphql: 'graphql gql',
    groovy: 'groovy',
    haskell: 'hs',
    http: 'http',
    ini: 'ini toml cfg conf editorconfig',
    java: 'java',
    javascript: 'js cjs mjs jsx',
    json: 'json jsonc json5 jsonl ndjson map',
    julia: 'jl',
    kotlin: 'kt kts',
    less: 'less',
    lua: 'lua',
    makefile: 'mk mak',
    markdown: 'md markdown mdx',
    nim: 'nim',
    nix: 'nix',
    objectivec: 'm mm',
    ocaml: 'ml mli',
    perl: 'pl pm t',
    php: 'php phtml',
    powershell: 'ps1 psm1 psd1',
    properties: 'properties env',
    protobuf: 'proto',
    python: 'py pyi pyw',
    r: 'r',
    ruby: 'rb rake gemspec ru',
    rust: 'rs',
    scala: 'scala sc sbt',
    scss: 'scss sass',
    sql: 'sql',
    swift: 'swift',
    typescript: 'ts cts mts tsx',
    vim: 'vim',
    xml: 'xml html htm xhtml svg vue svelte xsl xsd plist csproj',
    yaml: 'yaml yml',
  }).flatMap(([language, endings]) => endings.split(' ').map((ending) => [ending, language])),
);

/** Files that are known by their whole name, in lower case. */
const BY_NAME: Record<string, string> = {
  dockerfile: 'dockerfile',
  containerfile: 'dockerfile',
  makefile: 'makefile',
  gnumakefile: 'makefile',
  'cmakelists.txt': 'cmake',
  'nginx.conf': 'nginx',
  rakefile: 'ruby',
  gemfile: 'ruby',
  vagrantfile: 'ruby',
  jenkinsfile: 'groovy',
  '.bashrc': 'bash',
  '.bash_profile': 'bash',
  '.profile': 'bash',
  '.zshrc': 'bash',
  '.vimrc': 'vim',
  '.gitconfig': 'ini',
  '.gitmodules': 'ini',
  '.npmrc': 'ini',
};

/** The language a file is written in, as far as its name tells. */
export const languageOf = (path: string): string | undefined => {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const known = Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined;
  if (known !== undefined) return known;
  if (name.startsWith('dockerfile.')) return 'dockerfile';
  const ending = name.slice(name.lastIndexOf('.') + 1);
  return name.includes('.') && Object.hasOwn(BY_EXTENSION, ending) ? BY_EXTENSION[ending] : undefined;
};
