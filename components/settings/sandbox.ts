import { z } from "zod";
import { section, text } from "./schema";

const path = (what: string) => text(`the path of ${what}, relative to the project's folder`);

const words = (expected: string) => z.array(text(expected), { error: "a list of texts" });

const args = words("an argument, as text").optional();

/** Where an image comes from: an archive that a builder has saved, or what one can be made from without a builder. */
const source = z.union(
  [
    path("an archive").transform((archive) => ({ archive })),
    section({ archive: path("an archive") }),
    section({ binary: path("a program for Linux"), args }),
    section({ program: path("a program for Node"), args }),
    section({
      folder: path("a folder"),
      command: words("a word of the command")
        .min(1, { error: "the command that runs in the folder, such as [node, server.js]" })
        // So that a missing one is answered with these words.
        .prefault([]),
    }),
    section({ files: path("a folder of files that a web server serves") }),
  ],
  {
    error:
      "the path of an archive, or an object with archive, with binary or program (and args), with folder and command, or with files",
  },
);

const reference =
  /^(?:[a-zA-Z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

const named = z.string().regex(reference);

/** What `sandbox` has to know about the stack. The program reads none of it. */
export const sandbox = section({
  images: z
    .record(named, source, {
      error: (issue) =>
        issue.code === "invalid_key"
          ? "the name of an image as pods have it, such as registry.example.com/web:1.2.0"
          : "an object with an image's source by its name",
    })
    .default({})
    .describe(
      "The images of the stack's own services, which the sandbox's node cannot pull, by their names as pods have them. A text is the path of an archive; [The sandbox](sandbox.md#your-own-images) has the other sources.",
    ),
}).describe("What `sandbox` has to know about the stack; no other command reads it.");
