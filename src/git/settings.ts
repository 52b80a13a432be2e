/**
 * Settings as variables instead of `-c`: `-c` splits at the first `=`, so that a driver named `a=b` would escape it.
 * Source: git-config(1), GIT_CONFIG_COUNT.
 */
export const settingsAsEnvironment = (settings: [key: string, value: string][]): Record<string, string> => {
  const env: Record<string, string> = { GIT_CONFIG_COUNT: String(settings.length) };
  settings.forEach(([key, value], at) => {
    env[`GIT_CONFIG_KEY_${at}`] = key;
    env[`GIT_CONFIG_VALUE_${at}`] = value;
  });
  return env;
};
