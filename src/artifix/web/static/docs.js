// The API for people, from the server's own OpenAPI description.

const { paths, components } = await (await fetch("openapi.json")).json();
const here = new URL(".", location.href).href;

document.getElementById("example").textContent =
  `curl -F file=@photo.jpg '${here}api/restore?strength=0.8' -o photo-restored.jpg`;

for (const [path, methods] of Object.entries(paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    document.getElementById("operations").append(section(path, method, operation));
  }
}

function section(path, method, { description, parameters = [], responses, requestBody }) {
  const rows = parameters.map(({ name, description, schema }) => [name, words(schema), description ?? ""]);
  if (requestBody) {
    const unless = requestBody.required ? "" : " Left out where upload is given.";
    rows.unshift(["file", "a picture", `The body: multipart/form-data, and this its one field.${unless}`]);
  }
  const failures = Object.entries(responses).filter(([status]) => status >= 400);
  return make("section", "operation", [
    make("h2", "", [make("code", "", [method.toUpperCase()]), ` ${path}`]),
    make("p", "", [(description ?? "").replaceAll("`", "")]),
    table(rows),
    table(failures.map(([status, { description }]) => [status, description])),
  ]);
}

// What a parameter may be.
function words({ type, minimum, maximum, enum: values, default: usual, anyOf, $ref: name }) {
  if (anyOf) return words({ ...anyOf[0], default: usual });
  if (name) return words({ ...components.schemas[name.split("/").at(-1)], default: usual });
  const range = minimum === undefined ? (values?.join(", ") ?? type ?? "") : `${minimum} to ${maximum}`;
  return usual === undefined || usual === "" ? range : `${range}; ${usual} by default`;
}

function table(rows) {
  const lines = rows.map((cells) => make("tr", "", cells.map((cell) => make("td", "", [cell]))));
  return make("table", "", lines);
}

function make(name, className, children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children);
  return element;
}
