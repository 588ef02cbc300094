import type { Adapter, AdapterPayload } from "oidc-provider";
import { join } from "node:path";
import { z } from "zod";

import { JsonFile } from "../jsonFile";
import type { State } from "../state";
import { clientMetadata } from "./clients";

// oidc-provider's own records; this code does not read their contents.
const payloadSchema = z.custom<AdapterPayload>(
  (value) => typeof value === "object" && value !== null,
);

const recordSchema = z.object({
  model: z.string(),
  id: z.string(),
  payload: payloadSchema,
  /** Seconds since 1970. */
  expires: z.number().optional(),
});

const recordsSchema = z.object({ records: z.array(recordSchema) });

type ProtocolRecord = z.infer<typeof recordSchema>;
export type ProtocolRecords = JsonFile<z.infer<typeof recordsSchema>>;

/**
 * Opens the protocol's state: sessions, sign-ins in progress, codes, grants, refresh tokens.
 *
 * @param name the file's name
 */
export function openProtocolRecords(
  stateDirectory: string,
  name = "sessions.json",
): Promise<ProtocolRecords> {
  return JsonFile.open(join(stateDirectory, name), recordsSchema, () => ({
    records: [],
  }));
}

/** oidc-provider's storage: its kinds of records in one file; clients come from the tenant's state. */
export function createAdapter(model: string, state: State, file: ProtocolRecords): Adapter {
  return model === "Client" ? new ClientAdapter(state) : new RecordAdapter(model, file);
}

/** One kind of oidc-provider's records. */
export class RecordAdapter implements Adapter {
  constructor(
    private readonly model: string,
    private readonly file: ProtocolRecords,
  ) {}

  async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    const expires = expiresIn === undefined ? undefined : now() + expiresIn;
    this.#keep((record) => !this.#is(record, id) && !isExpired(record));
    this.file.value.records.push({ model: this.model, id, payload, expires });
    await this.file.save();
  }

  find(id: string): Promise<AdapterPayload | undefined> {
    return Promise.resolve(this.#first((record) => record.id === id)?.payload);
  }

  findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return Promise.resolve(this.#first(({ payload }) => payload.uid === uid)?.payload);
  }

  findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return Promise.resolve(this.#first(({ payload }) => payload.userCode === userCode)?.payload);
  }

  async consume(id: string): Promise<void> {
    const record = this.#first((candidate) => candidate.id === id);
    if (record === undefined) return;
    record.payload.consumed = now();
    await this.file.save();
  }

  async destroy(id: string): Promise<void> {
    this.#keep((record) => !this.#is(record, id));
    await this.file.save();
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    this.#keep((record) => record.model !== this.model || record.payload.grantId !== grantId);
    await this.file.save();
  }

  #is(record: ProtocolRecord, id: string): boolean {
    return record.model === this.model && record.id === id;
  }

  #first(matches: (record: ProtocolRecord) => boolean): ProtocolRecord | undefined {
    return this.file.value.records.find(
      (record) => record.model === this.model && !isExpired(record) && matches(record),
    );
  }

  #keep(wanted: (record: ProtocolRecord) => boolean): void {
    this.file.value.records = this.file.value.records.filter(wanted);
  }
}

/** Clients are made and changed only by the Management API. */
class ClientAdapter implements Adapter {
  constructor(private readonly state: State) {}

  find(id: string): Promise<AdapterPayload | undefined> {
    const client = this.state.clients.find((candidate) => candidate.client_id === id);
    return Promise.resolve(client === undefined ? undefined : clientMetadata(client));
  }

  findByUid(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  findByUserCode(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  upsert(): Promise<void> {
    return readOnly();
  }

  consume(): Promise<void> {
    return readOnly();
  }

  destroy(): Promise<void> {
    return readOnly();
  }

  revokeByGrantId(): Promise<void> {
    return readOnly();
  }
}

function readOnly(): Promise<never> {
  return Promise.reject(new Error("the protocol does not change clients"));
}

function isExpired(record: ProtocolRecord): boolean {
  return record.expires !== undefined && record.expires <= now();
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
