/** What a preview's two processes tell each other. Both are of one build, so that the values' types hold. */
import { z } from "zod";
import type { Project } from "../../stack/project";
import type { Preview, Run } from "../engine";
import type { PreviewProject } from "../project";

/** What the engine's process is to preview. */
export interface Task extends Pick<Run, "pulumi" | "pack" | "configuration"> {
  readonly project: PreviewProject;
  /** Whose program it is. */
  readonly program: Pick<Project, "place">;
  /** The configuration's secrets, which are in nothing that it tells. */
  readonly secrets: readonly string[];
}

const isObject = (value: unknown) => typeof value === "object" && value !== null;

export const taskShape = z.custom<Task>(isObject);

export const answerShape = z.union([
  /** So many are planned so far. */
  z.strictObject({ resources: z.int() }),
  z.strictObject({ preview: z.custom<Preview>(isObject) }),
  /** `stack`: of a mistake of this project itself, not of the user. */
  z.strictObject({ error: z.string(), stack: z.string().optional() }),
]);

export type Answer = z.infer<typeof answerShape>;
