/** chalk looks at the terminal when it is loaded; `src/cli/color.ts` does that itself, when something is printed. */
export const slimChalk = () => ({
  name: 'slim-chalk',
  resolveId: (id) => (id === '#supports-color' ? '\0supports-color' : null),
  load: (id) => (id === '\0supports-color' ? 'export default { stdout: false, stderr: false };' : null),
});
