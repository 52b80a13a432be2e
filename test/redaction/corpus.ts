import { createHash } from 'node:crypto';

/**
 * Made-up secrets, put together while the tests run: this file itself holds nothing that a scanner would report.
 * None was ever given out by anyone.
 */
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LOWER = UPPER.toLowerCase();
export const HEX = '0123456789abcdef';
export const ALNUM = `${UPPER}${LOWER}0123456789`;

/** Characters that look random and are the same in every run. */
export const made = (seed: string, length: number, alphabet = ALNUM): string => {
  let text = '';
  for (let block = 0; text.length < length; block++)
    for (const byte of createHash('sha256').update(`${seed}/${block}`).digest())
      text += alphabet[byte % alphabet.length];
  return text.slice(0, length);
};

/** Joined so that the shapes are not spelled out anywhere. */
const of = (...parts: string[]): string => parts.join('');

export const jwt = (seed: string): string => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return [part({ alg: 'HS256', typ: 'JWT' }), part({ sub: seed, iat: 1516239022 }), made(seed, 43)].join('.');
};

export const privateKey = (kind: string, lines = 24): string => {
  const mark = (word: string) => `-----${word} ${kind}${of('PRIV', 'ATE')} KEY-----`;
  const body = Array.from({ length: lines }, (_, n) => (n === 0 ? of('MI', made(kind, 62)) : made(`${kind}${n}`, 64)));
  return [mark('BEGIN'), ...body, mark('END')].join('\n');
};

export interface Positive {
  name: string;
  text: string;
  /** What must be gone. */
  secret: string;
}

const after = (name: string, before: string, secret: string, behind = ''): Positive => ({
  name,
  secret,
  text: `${before}${secret}${behind}`,
});

const T = made;
export const POSITIVES: Positive[] = [
  after('Amp access token', 'AMP_API_KEY is ', of('sg', 'amp_user_01', T('amp', 40))),
  after('Sourcegraph token', 'src login: ', of('sg', 'p_', T('sgp', 40, HEX))),
  after('Sourcegraph token with instance', '-> ', of('sg', 'p_', T('i', 16, HEX), '_', T('sgp2', 40, HEX))),
  after('Amp login address', 'open https://ampcode.com/auth/cli-login?authToken=', T('login', 32), '&port=35789'),
  after('GitHub classic', 'using ', of('gh', 'p_', T('ghp', 36)), ' now'),
  after('GitHub app, longer than it was', 'x-access-token ', of('gh', 's_', T('ghs', 80))),
  after('GitHub fine-grained', '', of('github', '_pat_', T('pat', 22), '_', T('pat2', 59))),
  after('GitHub in an address', 'git clone https://', of('gh', 'o_', T('gho', 36)), '@github.com/o/r'),
  after('GitHub, the oldest way', 'https://', T('xoauth', 40, HEX), `:${of('x-oauth', '-basic')}@github.com/o/r.git`),
  after('GitLab', 'token ', of('gl', 'pat-', T('glpat', 20))),
  after('npm', '', of('np', 'm_', T('npm', 36))),
  after('.npmrc', `//registry.npmjs.org/:${of('_auth', 'Token')}=`, T('npmrc', 36, `${HEX}-`)),
  after(
    'Slack bot',
    'slack: ',
    of('xo', 'xb-', T('s1', 12, '0123456789'), '-', T('s2', 12, '0123456789'), '-', T('s', 24)),
  ),
  after('Slack app', '', of('xa', 'pp-1-', T('s3', 11), '-', T('s4', 13, '0123456789'), '-', T('s5', 64, HEX))),
  after(
    'Slack webhook',
    `curl https://hooks.${of('slack', '.com')}/services/`,
    of('T', T('w1', 9), '/B', T('w2', 9), '/', T('w3', 24)),
  ),
  after(
    'Discord webhook',
    `https://${of('disc', 'ord.com')}/api/webhooks/`,
    of(T('d1', 18, '123456789'), '/', T('d2', 68)),
  ),
  after('AWS key id', 'key id ', of('AK', 'IA', T('aws', 16, `${UPPER}234567`))),
  after('AWS secret', `${of('aws_secret', '_access_key')} = `, T('aws2', 40, `${ALNUM}/+`)),
  after('AWS secret in JSON', `"${of('Secret', 'AccessKey')}": "`, T('aws3', 40, `${ALNUM}/+`), '"'),
  after('Google API key', 'maps?key=', of('AI', 'za', T('aiza', 35))),
  after('Google OAuth secret', '', of('GOC', 'SPX-', T('goc', 28))),
  after('Stripe', 'stripe ', of('sk', '_live_', T('stripe', 24))),
  after('Stripe webhook', '', of('wh', 'sec_', T('whsec', 32))),
  after('OpenAI', 'k ', of('sk-', 'proj-', T('oa', 74), 'T3Blb', 'kFJ', T('oa2', 74))),
  after('Anthropic', 'k ', of('sk-', 'ant-api03-', T('an', 93), 'AA')),
  after('model provider without a name', 'k ', of('sk-', T('ds', 32, HEX))),
  after('Hugging Face', '', of('h', 'f_', T('hf', 34, UPPER + LOWER))),
  after('Groq', '', of('gs', 'k_', T('gsk', 52))),
  after('SendGrid', '', of('S', 'G.', T('sg1', 22), '.', T('sg2', 43))),
  after('Databricks', '', of('da', 'pi', T('dapi', 32, HEX))),
  after('Vault', '', of('hv', 's.', T('hvs', 95))),
  after('PyPI', '', of('py', 'pi-AgE', T('pypi', 90))),
  after('JWT', 'cookie session=', jwt('a')),
  after('bearer', `Authorization: ${of('Bea', 'rer')} `, T('bearer', 40)),
  after('bearer in a shell', `curl -H "authorization: ${of('bea', 'rer')} `, T('bearer2', 24), '" https://api.test'),
  after('authorization with a plain token', `"Authorization": "token `, T('authz', 40, HEX), '"'),
  after('basic', `Authorization: ${of('Bas', 'ic')} `, Buffer.from(`ann:${T('basic', 12)}`).toString('base64')),
  after('URL password', 'DATABASE_URL=postgres://app:', T('pg', 14), '@db.internal:5432/app'),
  after('URL password with marks', 'redis://:', `${T('redis', 6)}@!%24${T('redis2', 5)}`, '@10.0.0.7:6379/0'),
  after('MongoDB', 'mongodb+srv://svc:', T('mongo', 16), '@c0.abcde.mongodb.net/x?retryWrites=true'),
  after('URL signature', 'https://a.blob.core.windows.net/c/b?sv=2024-11-04&sig=', `${T('sas', 43)}%3D`),
  after('password in YAML', 'db:\n  password: ', `${T('yaml', 10)}7`),
  after('password in JSON', '{"user":"ann","password":"', `${T('json', 9)}!4`, '"}'),
  after('password in .env', 'DB_PASSWORD=', `${T('env', 11)}9`),
  after('password in code', "const password = '", `hunter2${T('code', 4)}`, "';"),
  after('secret in code', 'clientSecret: "', `${T('cs', 20)}42`, '",'),
  after('API key', 'api_key=', `${T('ak', 30)}77`),
  after('escaped JSON in a log', '{\\"access_token\\":\\"', `${T('esc', 30)}55`, '\\"}'),
  {
    name: 'private key',
    text: `here:\n${privateKey('RSA ')}\nbye`,
    secret: privateKey('RSA ').split('\n').slice(1, -1).join('\n'),
  },
  {
    name: 'private key without a kind',
    text: privateKey('', 3),
    secret: privateKey('', 3).split('\n').slice(1, -1).join('\n'),
  },
  {
    name: 'encrypted private key cut off',
    text: `${privateKey('RSA ').split('\n')[0]}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B\n\n${T('enc', 64)}`,
    secret: T('enc', 64),
  },
  {
    name: 'private key cut off',
    text: `head -5 key\n${privateKey('EC ').split('\n').slice(0, 5).join('\n')}`,
    secret: privateKey('EC ').split('\n').slice(1, 5).join('\n'),
  },
];

/** Beside those above: other tools' ways to write the same kinds down. */
POSITIVES.push(
  after('GitHub user token', 'GH: ', of('gh', 'u_', T('ghu', 36))),
  after('GitHub refresh token', 'GH: ', of('gh', 'r_', T('ghr', 76))),
  after('Amp token in a URL', 'https://ampcode.com/api?t=', of('sg', 'amp_', T('amp url', 32)), '&x=1'),
  after('Stripe restricted', '', of('rk', '_live_', T('rk', 24))),
  after('AWS session key id', 'AWS_ACCESS_KEY_ID=', of('AS', 'IA', T('asia', 16, `${UPPER}234567`))),
  after('Google OAuth token', '', of('ya', '29.', T('ya29', 60))),
  after(
    'Discord webhook, the old host',
    `POST https://${of('discord', 'app.com')}/api/v10/webhooks/`,
    of(T('d3', 19, '123456789'), '/', T('d4', 68)),
  ),
  after(
    'Slack user',
    '',
    of('xo', 'xp-', T('s6', 12, '0123456789'), '-', T('s7', 12, '0123456789'), '-', T('s8', 32, HEX)),
  ),
  after('JWT in a query', 'GET /a?access_token=', jwt('query'), '&n=1'),
  after('JWT in JSON', '{"id_token":"', jwt('json'), '"}'),
  after('AMQP', 'amqps://svc:', T('amqp', 20), '@mq.internal/vhost'),
  after('MySQL', 'mysql://root:', `${T('mysql', 12)}7`, '@10.1.2.3/db'),
  after('password in XML', '<add password="', `${T('xml', 10)}3`, '"/>'),
  after('password in TOML', 'password = "', `${T('toml', 10)}3`, '"'),
  after('password in INI', 'smtp_password=', `${T('ini', 10)}3`),
  after('password in Python', 'connect(password="', `${T('py', 10)}3`, '")'),
  after('password in Ruby', ":password => '", `${T('rb', 10)}3`, "'"),
  after('password in Go', 'password := "', `${T('go', 10)}3`, '"'),
  after('token on a command line', 'cli --token=', `${T('cli', 24)}42`),
  after('secret key in Terraform', 'secret_key = "', `${T('tf', 38)}42`, '"'),
  after('registry password', 'docker login --username u --password=', `${T('docker', 14)}5`),
  after('bearer in JSON', `{"Authorization":"${of('Bea', 'rer')} `, T('bearer3', 32), '"}'),
  {
    name: 'private key in JSON',
    text: JSON.stringify({ private_key: `${privateKey('', 3)}\n` }),
    secret: privateKey('', 3).split('\n').slice(1, -1).join('\\n'),
  },
  {
    name: 'private key of OpenSSH',
    text: privateKey('OPENSSH ', 5),
    secret: privateKey('OPENSSH ', 5).split('\n').slice(1, -1).join('\n'),
  },
);

/** Of what shape cannot tell: told here so that the figures stay honest. A name beside them, or `.env`, finds them. */
export const MISSED: Positive[] = [
  after('random text with nothing beside it', 'then ', T('alone', 32)),
  after('a password in prose', 'the password is ', `${T('prose', 9)}7`),
  after('a password as an argument', 'mysql -p', `${T('arg', 10)}7`),
  after('a weak password', 'password: ', 'sunshine'),
  after('hex without a name', 'run with ', T('hexalone', 32, HEX)),
  after('a secret in two strings', "const t = 'ghp_' + '", T('two', 36), "'"),
];

const sha1 = T('sha1', 40, HEX);
const sha256 = T('sha256', 64, HEX);
const uuid = `${T('u1', 8, HEX)}-${T('u2', 4, HEX)}-4${T('u3', 3, HEX)}-a${T('u4', 3, HEX)}-${T('u5', 12, HEX)}`;

/** Must come out as they went in, raw and inside JSON. */
export const NEGATIVES: string[] = [
  `commit ${sha1}`,
  `refs/heads/main ${sha256}`,
  `{"token":"${sha1}"}`,
  `{"key":"${sha256}","secret":"${sha1}"}`,
  `id ${uuid} thread T-${uuid}`,
  `token: ${uuid}`,
  `"integrity": "sha512-${T('sri', 86)}=="`,
  `golang.org/x/net v0.1.0 h1:${T('gosum', 43)}=`,
  `docker.io/library/node:20@sha256:${sha256}`,
  `image: https://registry.test:5000/node:20@sha256:${sha256}`,
  'session k3j9x0a2bz on amp/fix-login/20261122-1330',
  `toolu_01${T('tool', 22)}`,
  `{"v":1,"log":"session/k3j9x0a2bz","writer":"${T('w', 10, LOWER)}","seq":7,"prev":"${sha256}","type":"usage.reported","data":{"tokensInput":1234567890,"tokensOutput":22}}`,
  '{"usage":{"input_tokens":123456789,"cache_read_input_tokens":12345678,"max_tokens":32000}}',
  'const token = await getToken(session);',
  'function check(password: string, token: Token): boolean {',
  'password: z.string().min(8).max(128),',
  'if (config.password === undefined) throw new Error("password: required");',
  'password = process.env.DB_PASSWORD_2',
  of('password: $', '{DB_PASSWORD1}'),
  '"password": "<your password here>"',
  '"password": "********"',
  'DB_PASSWORD=',
  of('secret: $', '{{ secrets.NPM_TOKEN }}'),
  'token: this.tokens.next1()',
  "env['API_KEY'] = apiKeyFrom(vault2);",
  'api_key: YOUR_API_KEY',
  `Authorization: ${of('Bea', 'rer')} $TOKEN`,
  `use ${of('bea', 'rer')} authentication and ${of('bas', 'ic')} knowledge`,
  'https://user@example.test/path',
  of('https://user:$', '{PASSWORD}@host.test/'),
  'postgres://app:password@localhost:5432/app',
  'http://localhost:3000/@vite/client and http://127.0.0.1:8080/x?key=abc',
  'git@github.com:owner/repo.git',
  'mailto:ann@example.test, see http://a.test:80/b@c',
  'a task-runner-configuration-with-a-long-name, disk-usage-of-the-whole-system-1',
  'class="sk-fading-circle sk-cube-grid-animation-delay"',
  `-----BEGIN PUBLIC KEY-----\n${T('pub', 64)}\n-----END PUBLIC KEY-----`,
  `${of('-----BEGIN RSA PRIV', 'ATE KEY-----')} is how such a file begins`,
  of('AK', 'IA', 'IOSFODNN7', 'EXAMPLE'),
  'npm_config_registry=https://registry.npmjs.org/ npm_lifecycle_event=test',
  'hf_model_name_of_the_tokenizer = "bert-base-uncased"',
  'glc_config ops_manager vcs_url sg_group_name_for_the_service',
  'PASS  test/a.test.ts (12 tests) pass: 120 fail: 0',
  'bypass: true, compass: "north", passes: 3',
  'primary_key: user_id, sort_key: created_at_2, cache-key: linux-node-20-abc123def456',
  '"secretName": "db-credentials-1", "tokenizer": "cl100k_base_2"',
  'eyJ is how JSON begins in base64',
  `${T('img', 300)}+/${T('img2', 300)}==`,
  'C:\\Users\\ann\\secret\\notes.txt',
  'the secret: never tell; the token: one of many; password: see the wiki',
  'token: CancellationToken, passwordHash: string | null',
  'const { token, secret } = useSession();',
  'export PASSWORD_FILE=/run/secrets/db_password',
  'password_policy: minimum-length-12',
  'tokens: 12345678, token_count = 1048576',
  'Bearer token authentication is described in RFC 6750.',
  'type Secret = { name: string; key: string };',
  'https://example.test/path?key=value&token=&sig=',
  'https://docs.example.test/reset-password?step=2#token',
  'ssh://git@github.com:22/owner/repo.git',
  'redis://localhost:6379/0 amqp://guest@localhost',
  `sha256-${T('csp', 43)}=`,
  `ETag: "${T('etag', 32, HEX)}"`,
  `x-request-id: ${uuid}`,
  `key: "${sha1.slice(0, 12)}"`,
  'AKIA is the prefix of long-term keys, ASIA of temporary ones',
  'ghp_ and github_pat_ are prefixes of GitHub tokens',
  '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
];
