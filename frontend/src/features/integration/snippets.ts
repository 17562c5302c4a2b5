import type { Catalog } from '../../model/api/types'

/** The languages that a program is shown in. */
export const programs = ['curl', 'go', 'javascript', 'java'] as const
export type Program = (typeof programs)[number]

export interface Target {
  origin: string
  tenant: string
  key: string
  module: string
  operation: string
}

/** The placeholder for the key until there is one. */
export const keyPlaceholder = 'YOUR_WRITE_KEY'

/** An operation that the tenant accepts: sending an email, or the first one that is not retired. */
export function sampleOperation(catalog: Catalog | undefined): { module: string; operation: string } {
  const retired = new Set(catalog?.operations.filter((one) => one.retired).map((one) => one.key))
  const modules = (catalog?.modules ?? []).filter((one) => !one.retired)
  const takes = (module: string, operation: string) =>
    !retired.has(operation) && modules.some((one) => one.key === module && one.operations.includes(operation))
  if (!catalog || takes('email', 'send')) return { module: 'email', operation: 'send' }
  for (const { key, operations } of modules) {
    const operation = operations.find((one) => !retired.has(one))
    if (operation) return { module: key, operation }
  }
  return { module: 'email', operation: 'send' }
}

/** A program that records one operation, as it can be run. */
export function snippet(program: Program, target: Target): string {
  return writers[program](target, `${target.origin}/api/v1/tenants/${encodeURIComponent(target.tenant)}/entries`)
}

type Writer = (target: Target, address: string) => string

const writers: Record<Program, Writer> = { curl, go, javascript, java }

/** The members of the entry, a line each. */
function members({ module, operation }: Target): string[] {
  return [
    '"user": {"id": "u_1", "name": "Ada Lovelace", "role": "Editor"}',
    `"module": "${module}", "operation": "${operation}"`,
    '"content": {"id": "eml_1", "name": "Spring newsletter"}',
  ]
}

function entryJson(target: Target, indent: string): string {
  const lines = members(target).map((one) => `${indent}  ${one}`)
  return `{\n${lines.join(',\n')}\n${indent}}`
}

function curl(target: Target, address: string): string {
  return `curl '${address}' \\
  -H 'Authorization: Bearer ${target.key}' \\
  -H 'Content-Type: application/json' \\
  -d '${entryJson(target, '  ')}'`
}

function go(target: Target, address: string): string {
  return `package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
)

func main() {
	entry := \`${entryJson(target, '	')}\`
	req, err := http.NewRequest("POST", "${address}", strings.NewReader(entry))
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer ${target.key}")
	req.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Status, string(text))
}`
}

function javascript({ key, module, operation }: Target, address: string): string {
  return `const answer = await fetch('${address}', {
  method: 'POST',
  headers: {
    Authorization: 'Bearer ${key}',
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({
    user: { id: 'u_1', name: 'Ada Lovelace', role: 'Editor' },
    module: '${module}',
    operation: '${operation}',
    content: { id: 'eml_1', name: 'Spring newsletter' },
  }),
})
console.log(answer.status, await answer.text())`
}

function java(target: Target, address: string): string {
  const all = members(target)
  return `import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Record {
    public static void main(String[] args) throws Exception {
        String entry = "{"
            + ${all.map((one, index) => JSON.stringify(index < all.length - 1 ? `${one}, ` : one)).join('\n            + ')}
            + "}";
        HttpRequest request = HttpRequest.newBuilder()
            .uri(URI.create("${address}"))
            .header("Authorization", "Bearer ${target.key}")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(entry))
            .build();
        HttpResponse<String> answer = HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.statusCode() + " " + answer.body());
    }
}`
}
