// Shows this server's own document, and nothing from anywhere else.
window.onload = () => {
  window.ui = SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#api",
    deepLinking: true,
    filter: true,
    validatorUrl: null,
    persistAuthorization: false,
    tryItOutEnabled: true,
  });
};
