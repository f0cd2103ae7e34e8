// A customer's way into the portal.

const ALL = ["endpoints:read", "endpoints:write", "deliveries:read", "deliveries:write", "events:read"];

// `api` is the project's, `capabilities` what the customer may do there.
export async function enterPortal(page, api, url, account, capabilities = ALL) {
  const { token } = await api("POST", `/v1/accounts/${encodeURIComponent(account)}/portal-tokens`, { capabilities });
  await page.setCookie({ name: "__Host-hookwright-portal", value: token, url, path: "/", secure: true, httpOnly: true, sameSite: "None" });
  await page.goto(`${url}/portal`);
}
