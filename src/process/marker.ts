/** Name of the variable that marks every process of a contained child. */
export const RUN_MARKER = 'AMP_SESSIONS_RUN';
