// The page of the API, built from /openapi.json. Everything enters the page as a text node.

import { $, el } from "./dom.js";
import { mountHeader } from "./header.js";
import { at } from "./place.js";

const EXAMPLE = { question: "国家级专精特新“小巨人”企业，市里奖励多少？", top_k: 5 };

const nameOf = (reference) => reference.split("/").pop();

/** A schema in words: string (1–500) · null, [PassageOut], "a" | "b". */
function typeOf(schema) {
  if (!schema) return "";
  if (schema.$ref) return nameOf(schema.$ref);
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" · ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(" | ");
  if (schema.type === "array") return `[${typeOf(schema.items)}]`;
  if (schema.type === "object" && schema.additionalProperties) return `{string: ${typeOf(schema.additionalProperties)}}`;
  const low = schema.minimum ?? schema.minLength;
  const high = schema.maximum ?? schema.maxLength;
  const range = low === undefined && high === undefined ? "" : ` (${low ?? ""}–${high ?? ""})`;
  return `${schema.format || schema.type || "any"}${range}`;
}

function table(heads, rows) {
  const head = el("thead", "", el("tr", "", heads.map((text) => el("th", "", text))));
  const body = el("tbody", "", rows.map((row) => el("tr", "", row.map((text, n) => el("td", "", n < 2 ? el("code", "", text) : text)))));
  return el("div", "scroll", el("table", "", [head, body]));
}

function bodyOf(content) {
  const [media, value] = Object.entries(content || {})[0] || [];
  return media ? `${typeOf(value.schema) || "text"}（${media}）` : "";
}

function routeCard(path, verb, operation) {
  const parameters = (operation.parameters || []).map((p) => [p.name, typeOf(p.schema), p.description || (p.in === "path" ? "编号" : "")]);
  const answers = Object.entries(operation.responses).map(([status, r]) => [status === "default" ? "4xx / 5xx" : status, bodyOf(r.content), ""]);
  const summary = el("summary", "", [el("span", `verb ${verb}`, verb.toUpperCase()), el("code", "", path), `　${operation.summary || ""}`]);
  return el("details", "route", [
    summary,
    operation.requestBody ? el("p", "", ["请求体：", el("code", "", bodyOf(operation.requestBody.content))]) : null,
    parameters.length ? table(["参数", "类型", "说明"], parameters) : null,
    table(["状态", "返回", ""], answers),
  ]);
}

function schemaCard(name, schema) {
  const required = new Set(schema.required || []);
  const rows = Object.entries(schema.properties || {}).map(([field, value]) => (
    [field, typeOf(value), [required.has(field) ? "必有。" : "", value.description || ""].join("")]
  ));
  return el("details", "schema", [
    el("summary", "", el("code", "", name)),
    schema.description ? el("p", "muted", schema.description) : null,
    table(["字段", "类型", "说明"], rows),
  ]);
}

function show(api) {
  $("about").textContent = api.info.description;
  for (const [path, operations] of Object.entries(api.paths)) {
    $("routes").append(...Object.entries(operations).map(([verb, operation]) => routeCard(path, verb, operation)));
  }
  $("schemas").append(...Object.entries(api.components.schemas).map(([name, schema]) => schemaCard(name, schema)));
}

async function tryOut(event) {
  event.preventDefault();
  $("try-result").hidden = false;
  $("try-result").textContent = "正在发送…";
  try {
    const response = await fetch(at("/v1/ask"), { method: "POST", headers: { "Content-Type": "application/json" }, body: $("try-body").value });
    $("try-result").textContent = `${response.status}\n${JSON.stringify(await response.json(), null, 2)}`;
  } catch {
    $("try-result").textContent = "连接不上服务，请稍后再试。";
  }
}

async function start() {
  mountHeader("docs");
  $("try-body").value = JSON.stringify(EXAMPLE, null, 2);
  $("try").addEventListener("submit", tryOut);
  try {
    show(await (await fetch(at("/openapi.json"))).json());
  } catch {
    $("about").textContent = "读不到 /openapi.json，请刷新页面。";
  }
}

start();
