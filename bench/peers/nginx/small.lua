-- The same calls, the same answer as the others give.
local json = require "cjson"
local capture = ngx.location.capture_multi

local id = ngx.escape_uri(ngx.var.id)
local card, cart, offer = capture {
  { "/-/users/cards/" .. id },
  { "/-/orders/carts", { args = "customerId=" .. id } },
  { "/-/catalog/offers", { args = "customerId=" .. id } },
}
for _, answer in ipairs { card, cart, offer } do
  if answer.status ~= 200 then
    return ngx.exit(answer.status == 404 and 404 or 502)
  end
end
card, cart, offer = json.decode(card.body), json.decode(cart.body), json.decode(offer.body)

local lines = {}
for at, line in ipairs(cart.lines) do
  lines[at] = { sku = line.sku, qty = line.qty }
end

ngx.print(json.encode {
  user = { id = card.id, name = card.name, avatar = card.imageUrl, tier = card.tier },
  cart = { lines = lines, total = { amount = cart.total.amount, currency = cart.total.currency } },
  offer = { title = offer.title, code = offer.code, ["until"] = offer["until"] },
})
