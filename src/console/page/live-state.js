// What the page knows, kept up to date by the event stream and by the answers to its own actions.

import { ask } from "./api-client.js";

export class LiveState {
  status;
  incidents = new Map();
  decisions = new Map();
  deliveries = new Map();
  #onChange;

  constructor(onChange) {
    this.#onChange = onChange;
  }

  /** Takes a `snapshot` (everything) or `changes`. */
  apply(name, data) {
    for (const kind of ["incidents", "decisions", "deliveries"]) {
      if (name === "snapshot") this[kind].clear();
      for (const item of data[kind].changed) this[kind].set(String(item.id), item);
      for (const id of data[kind].gone) this[kind].delete(id);
    }
    this.status = data.status;
    this.#onChange();
  }

  async acknowledge(id) {
    this.#keepIncident(await ask("POST", `/v1/incidents/${id}/acknowledge`));
  }

  async resolve(id) {
    this.#keepIncident(await ask("POST", `/v1/incidents/${id}/resolve`));
  }

  async lift(id) {
    const { decision } = await ask(
      "DELETE",
      `/v1/decisions/${id}?reason=${encodeURIComponent("lifted on the console")}`,
    );
    this.decisions.delete(String(decision.id));
    this.#onChange();
  }

  async confirm(id) {
    const { decision } = await ask("POST", `/v1/decisions/${id}/confirm`);
    this.decisions.set(String(decision.id), decision);
    this.#onChange();
  }

  /** `stop` or `resume`. */
  async switchBlocking(action) {
    this.status = { ...this.status, blocking: await ask("POST", `/v1/blocking/${action}`) };
    this.#onChange();
  }

  #keepIncident({ incident }) {
    this.incidents.set(incident.id, incident);
    this.#onChange();
  }
}
