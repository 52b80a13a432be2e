/**
 * Verifies a repository in one way and prints how many events it saw and the most memory it had.
 *
 *     node verify.mjs <engine> <repository>
 */
const [engine, dir] = process.argv.slice(2);
const { withContext, verify } = await import(engine);
const { events, ok, logs } = await withContext({ dir, env: {} }, (ctx) => verify(ctx));
if (!ok) throw new Error(JSON.stringify(logs.find(({ problems }) => problems.length > 0)?.problems.slice(0, 3)));
process.stdout.write(JSON.stringify({ events, megabytes: Math.round(process.resourceUsage().maxRSS / 1024) }));
process.exit();
