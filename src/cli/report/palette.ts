/** Colours by light and dark, with a contrast of at least 4.5 for text; charts are drawn in those of the light. */
export const PALETTE = {
  ink: { light: '#1f2328', dark: '#e6edf3' },
  quiet: { light: '#59636e', dark: '#9da7b3' },
  line: { light: '#d1d9e0', dark: '#3d444d' },
  paper: { light: '#ffffff', dark: '#0d1117' },
  panel: { light: '#f6f8fa', dark: '#151b23' },
  main: { light: '#0969da', dark: '#4493f8' },
  good: { light: '#1a7f37', dark: '#3fb950' },
  bad: { light: '#cf222e', dark: '#f85149' },
};
