/** The images of the stack's own services: setting `sandbox.images`. */
import { lstatSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { sandboxSettings, type SandboxSettings } from "../../components/settings";
import { pathText } from "../../components/settings/path";
import { UserError } from "../../lib/errors";
import { imageArchive, type ImageArchive } from "../../local/images/archive";
import { asNode, base, program } from "../../local/images/base";
import { programProblem } from "../../local/images/machine";
import { fullName } from "../../local/images/reference";
import { savedImage } from "../../local/images/saved";
import type {
  ContainerConfiguration,
  ImageSpecification,
  Layer,
} from "../../local/images/specification";
import { buildProgram, buildPrograms, fileServer } from "./applications";
import { isSandboxImage } from "./images";

/** Where the stack's own images come from, by their names as pods have them. */
export type Sources = SandboxSettings["images"];

type Source = Sources[string];

/** One of them, as the node imports it. */
export interface OwnImage extends ImageArchive {
  /** Its full name. */
  readonly name: string;
}

/**
 * The sources that a stack's settings name; none where they are wrong, which is reported elsewhere.
 * @param settings the stack's
 */
export function sourcesOf({ sandbox }: Readonly<Record<string, unknown>>): Sources {
  return sandboxSettings.safeParse(sandbox ?? {}).data?.images ?? {};
}

/**
 * What is wrong with the sources' names and files, one line for each, as with other settings.
 * @param folder the project's, which their paths are relative to
 */
export async function ownImageProblems(
  folder: string,
  sources: Sources,
): Promise<readonly string[]> {
  const found = await Promise.all(
    Object.entries(sources).map(async ([reference, source]) => {
      const { place, field } = placeOf(source);
      const problem = await problemOf(resolve(folder, place), place, reference, source);
      if (problem === undefined) return [];
      return [`${pathText(["sandbox", "images", reference, ...field])}: ${problem}`];
    }),
  );
  return [...nameProblems(Object.keys(sources)), ...found.flat()];
}

/** Of two images with one name the node would have either. */
function nameProblems(references: readonly string[]): readonly string[] {
  return references.flatMap((reference, position) => {
    const where = pathText(["sandbox", "images", reference]);
    const name = fullName(reference);
    if (isSandboxImage(name))
      return [`${where}: found ${name}, which the sandbox itself has, expected another name`];
    const same = references.slice(0, position).find((other) => fullName(other) === name);
    if (same === undefined) return [];
    return [`${where}: found another way to write ${same}, expected each image once`];
  });
}

/**
 * The images; their files are read here, and again where the images are.
 * @param node the Node of those that need one
 */
export function ownImages(
  folder: string,
  sources: Sources,
  node = process.execPath,
): Promise<readonly OwnImage[]> {
  const layers = sharedLayers(folder, node);
  return Promise.all(
    Object.entries(sources).map(async ([reference, source]): Promise<OwnImage> => {
      const name = fullName(reference);
      if ("archive" in source)
        return { name, ...(await savedImage(resolve(folder, source.archive), name)) };
      return { name, ...(await imageArchive(await madeImage(folder, name, source, layers))) };
    }),
  );
}

/** The source's path, and the names of the fields that lead to it. */
function placeOf(source: Source): { place: string; field: readonly string[] } {
  if ("archive" in source) return { place: source.archive, field: [] };
  if ("binary" in source) return { place: source.binary, field: ["binary"] };
  if ("program" in source) return { place: source.program, field: ["program"] };
  if ("folder" in source) return { place: source.folder, field: ["folder"] };
  return { place: source.files, field: ["files"] };
}

/** Why an image cannot be made from a file or folder; undefined if it can. */
async function problemOf(
  path: string,
  place: string,
  reference: string,
  source: Source,
): Promise<string | undefined> {
  const wanted = "folder" in source || "files" in source ? "folder" : "file";
  const found = statSync(path, { throwIfNoEntry: false });
  const isThere = wanted === "folder" ? found?.isDirectory() : found?.isFile();
  if (isThere !== true)
    return `found ${JSON.stringify(place)}, expected the path of a ${wanted} that is there, relative to the project's folder`;
  const problem = await contentProblem(path, reference, source);
  return problem && `${place} ${problem}`;
}

async function contentProblem(
  path: string,
  reference: string,
  source: Source,
): Promise<string | undefined> {
  if ("binary" in source) return programProblem(path);
  try {
    if ("archive" in source) await savedImage(path, fullName(reference));
    if ("program" in source) await buildProgram(path);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** Where an image has a folder of the project, which is its program's own. */
const ownFolder = "app";

/** Layers that several images may have: each is made once, so that it is read once. */
interface SharedLayers {
  /** Node, with its libraries. */
  readonly node: () => Layer;
  /** The contents of a folder of the project, at a path of the image. */
  readonly contents: (place: string, at: string) => Layer;
}

function sharedLayers(folder: string, node: string): SharedLayers {
  const made = new Map<string, Layer>();
  const once = (name: string, make: () => Layer): Layer => {
    const layer = made.get(name) ?? make();
    made.set(name, layer);
    return layer;
  };
  return {
    node: () => once("", () => program("usr/local/bin/node", node)),
    contents: (place, at) => {
      const path = resolve(folder, place);
      return once(`${at} ${path}`, () => contentsOf(path, at));
    },
  };
}

async function madeImage(
  folder: string,
  reference: string,
  source: Exclude<Source, { archive: string }>,
  layers: SharedLayers,
): Promise<ImageSpecification> {
  const image = (own: readonly Layer[], configuration: ContainerConfiguration) => ({
    reference,
    layers: [base, ...own],
    configuration: { ...asNode, ...configuration },
  });
  if ("binary" in source) {
    const path = join(ownFolder, basename(source.binary));
    return image([program(path, resolve(folder, source.binary))], {
      Entrypoint: [`/${path}`],
      Cmd: source.args ?? [],
    });
  }
  if ("folder" in source) {
    const [first] = source.command;
    return image(
      [...(first === "node" ? [layers.node()] : []), layers.contents(source.folder, ownFolder)],
      { Entrypoint: source.command, WorkingDir: `/${ownFolder}` },
    );
  }
  if ("program" in source) {
    const { name, content } = await buildProgram(resolve(folder, source.program));
    const path = join(ownFolder, name);
    return image([layers.node(), [{ kind: "text", path, content }]], {
      Entrypoint: ["node", `/${path}`],
      Cmd: source.args ?? [],
      WorkingDir: `/${ownFolder}`,
    });
  }
  const [content = new Uint8Array()] = Object.values(await buildPrograms([fileServer]));
  return image(
    [
      layers.node(),
      [{ kind: "text", path: "opt/files.js", content }],
      layers.contents(source.files, "srv"),
    ],
    { Entrypoint: ["node", "/opt/files.js"] },
  );
}

/** A folder's contents at a path of the image. Links stay as they are, and the history that Git keeps is left out. */
function contentsOf(folder: string, at: string): Layer {
  return [
    { kind: "folder", path: at },
    ...readdirSync(folder)
      .filter((name) => name !== ".git")
      .flatMap((name): Layer => {
        const [source, path] = [join(folder, name), join(at, name)];
        const found = lstatSync(source);
        if (found.isDirectory()) return contentsOf(source, path);
        if (found.isSymbolicLink()) return [{ kind: "link", path, target: readlinkSync(source) }];
        const isProgram = (found.mode & 0o111) !== 0;
        return found.isFile()
          ? [{ kind: "file", path, source, mode: isProgram ? 0o755 : 0o644 }]
          : [];
      }),
  ];
}
