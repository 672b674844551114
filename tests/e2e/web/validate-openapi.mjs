// validate-openapi.mjs VALIDATOR STEP — validates the OpenAPI document on stdin with
// @seriousme/openapi-schema-validator, whose folder is given, and the schemas of every
// STEP-th path as JSON Schema. Prints the version and how many paths it has.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const { Validator } = await import(pathToFileURL(resolve(process.argv[2], "index.js")).href);
const document = JSON.parse(readFileSync(0, "utf8"));
const validator = new Validator();
const result = await validator.validate(document);
if (!result.valid) {
  console.error(JSON.stringify(result.errors, null, 1).slice(0, 4000));
  process.exit(1);
}

// The meta-schema takes any JSON Schema; compile each as a real one as well.
const { default: Ajv } = await import(
  pathToFileURL(resolve(process.argv[2], "../../ajv/dist/2020.js")).href);
const ajv = new Ajv({ strict: false, validateFormats: false });
const step = Number(process.argv[3]);
for (const [number, [path, item]] of Object.entries(document.paths).entries()) {
  if (number % step !== 0 || !path.startsWith("/invoke/")) continue;
  const operation = item.post;
  const schema = operation.requestBody.content["application/json"].schema;
  const nothing = ajv.compile(schema)({});
  if (operation.requestBody.required && nothing) {
    console.error(`${path}: the body is required, yet {} would do`);
    process.exit(1);
  }
  ajv.compile(operation.responses["200"].content["application/json"].schema);
}
console.log(validator.version, Object.keys(document.paths).length);
