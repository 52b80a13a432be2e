/** What an agent made of a case, as the official harness takes it. */
export interface Prediction {
  instanceId: string;
  /** `model_name_or_path`: agent and model; it becomes part of file names there. */
  model: string;
  /** Empty when the agent changed nothing. */
  patch: string;
}

/** One line of preds.jsonl, without its end. Source: SWE-bench/SWE-bench, `get_predictions_from_file`. */
export const predictionLine = ({ instanceId, model, patch }: Prediction): string =>
  JSON.stringify({ instance_id: instanceId, model_name_or_path: model, model_patch: patch })
    // Some readers end a line at these too.
    .replace(/[\u0085\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
