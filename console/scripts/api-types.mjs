// Writes src/api-types.ts from the OpenAPI document that the application itself makes.
// PYTHON names the interpreter that has the product installed; with --stdout nothing is written.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import openapiTS, { astToString } from 'openapi-typescript'

const ask = 'import json; from api.app import create_app; from iot_gateway.settings import load;'
  + 'print(json.dumps(create_app(load()).openapi()))'
const document = execFileSync(process.env.PYTHON ?? 'python3', ['-c', ask], {
  cwd: new URL('../..', import.meta.url),
  maxBuffer: 64 * 1024 * 1024,
})
const types = '// Made by `npm run types` from the OpenAPI document; not edited by hand.\n\n'
  + astToString(await openapiTS(JSON.parse(document.toString())))
if (process.argv.includes('--stdout')) process.stdout.write(types)
else writeFileSync(new URL('../src/api-types.ts', import.meta.url), types)
