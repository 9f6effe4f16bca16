// Swagger UI on the page of the API: it asks with the reader's own session, and is dark when the page is.
const place = document.querySelector("#api-docs");
const { "X-CSRFToken": token } = JSON.parse(document.body.getAttribute("hx-headers"));

window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  docExpansion: "list",
  validatorUrl: null,
  requestInterceptor: (request) => {
    const isOurs = new URL(request.url, location.href).origin === location.origin;
    if (isOurs && !["GET", "HEAD", undefined].includes(request.method)) request.headers["X-CSRFToken"] = token;
    return request;
  },
});

const root = document.documentElement;
const follow = () => {
  if (root.classList.contains("dark-mode") !== root.classList.contains("dark")) root.classList.toggle("dark-mode");
};
new MutationObserver(follow).observe(root, { attributeFilter: ["class"] });
follow();
