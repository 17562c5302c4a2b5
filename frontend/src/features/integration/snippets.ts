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
export function snippet(program: Program, { origin, tenant, key, module, operation }: Target): string {
  const address = `${origin}/api/v1/tenants/${encodeURIComponent(tenant)}/entries`
  const members = [
    '"user": {"id": "u_1", "name": "Ada Lovelace", "role": "Editor"}',
    `"module": "${module}", "operation": "${operation}"`,
    '"content": {"id": "eml_1", "name": "Spring newsletter"}',
  ]
  const entry = (indent: string) => `{\n${members.map((one) => `${indent}  ${one}`).join(',\n')}\n${indent}}`
  switch (program) {
    case 'curl':
      return `curl '${address}' \\
  -H 'Authorization: Bearer ${key}' \\
  -H 'Content-Type: application/json' \\
  -d '${entry('  ')}'`
    case 'go':
      return `package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
)

func main() {
	entry := \`${entry('	')}\`
	req, err := http.NewRequest("POST", "${address}", strings.NewReader(entry))
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer ${key}")
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
    case 'javascript':
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
    case 'java':
      return `import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Record {
    public static void main(String[] args) throws Exception {
        String entry = "{"
            + ${members.map((one, index) => JSON.stringify(index < members.length - 1 ? `${one}, ` : one)).join('\n            + ')}
            + "}";
        HttpRequest request = HttpRequest.newBuilder()
            .uri(URI.create("${address}"))
            .header("Authorization", "Bearer ${key}")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(entry))
            .build();
        HttpResponse<String> answer = HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.statusCode() + " " + answer.body());
    }
}`
  }
}
