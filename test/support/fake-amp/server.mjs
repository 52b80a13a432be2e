import { Refusal } from './arguments.mjs';

/** What the real program says when its server answers with an error; `isRun`: during -x, not another command. */
export const statusText = (status, isRun, method = 'getUserInfo') => {
  if (status === 401) return "Invalid or missing API key. Run 'amp login' to authenticate.";
  if (status === 403) return "Access token expired. Run 'amp login' to refresh.";
  if (status >= 500) return 'Amp server returned an error. Try again in a moment.';
  if (isRun) return `API request for ${method} failed: ${status}`;
  return "Unexpected error inside Amp CLI.\nUse 'feedback: report bug' from the command palette to send this to Amp.";
};

export const offlineText = (url, isRun) => {
  if (!isRun) return 'Cannot reach Amp servers. Are you offline?';
  const isLocal = /\/\/(127\.|localhost)/.test(url);
  const advice = isLocal
    ? 'Run `pnpm dev` to start the local server, then try again.'
    : 'Check your network connection and try again.';
  return `Couldn't connect to the Amp server at ${url}.\n\n${advice}`;
};

/** Asks the server who we are, as the first thing of every run. */
export const askServer = async (isRun) => {
  const url = process.env.AMP_URL || 'https://ampcode.com/';
  let response;
  try {
    response = await fetch(`${url.replace(/\/$/, '')}/api/internal?getUserInfo`, {
      method: 'POST',
      headers: { authorization: `Bearer ${process.env.AMP_API_KEY ?? ''}`, 'content-type': 'application/json' },
      body: JSON.stringify({ method: 'getUserInfo', params: {} }),
    });
  } catch {
    throw new Refusal(offlineText(url, isRun));
  }
  if (response.status !== 200) throw new Refusal(statusText(response.status, isRun));
};
