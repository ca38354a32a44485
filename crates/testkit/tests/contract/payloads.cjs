// Judges webhook payloads by GitHub's schemas: node payloads.cjs NODE_MODULES PAYLOADS.
// Prints a JSON list of objections. Installed and called by the contract test, never shipped.
const fs = require("node:fs");
const path = require("node:path");

const [modules, file] = process.argv.slice(2);
const load = (name) => require(path.join(modules, name));
const Ajv = load("ajv").default;
const schema = load("@octokit/webhooks-schemas/schema.json");

const ajv = new Ajv({ strict: false, allErrors: true });
load("ajv-formats").default(ajv);
ajv.addSchema(schema, "github");

const objections = [];
for (const { event, payload } of JSON.parse(fs.readFileSync(file, "utf8"))) {
  const name = `${event}${payload.action ? ` ${payload.action}` : ""}`;
  // An event with actions has a definition for each: judged alone, the words are to the point.
  const candidates = [`${event}$${payload.action}`, `${event}$event`, `${event}_event`];
  const definition = candidates.find((candidate) => candidate in schema.definitions);
  if (!definition) {
    objections.push(`${name}: GitHub has no such event`);
    continue;
  }
  const validate = ajv.getSchema(`github#/definitions/${definition}`);
  if (!validate(payload)) {
    for (const error of validate.errors) {
      const extra = error.params?.additionalProperty ?? "";
      objections.push(`${name}: ${error.instancePath || "/"} ${error.message} ${extra}`.trim());
    }
  }
}
console.log(JSON.stringify(objections));
