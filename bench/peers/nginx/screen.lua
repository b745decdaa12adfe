-- The same calls, the same answer as the others give.
local json = require "cjson"
local capture = ngx.location.capture_multi

local id = ngx.escape_uri(ngx.var.id)
local user, orders, recommended = capture {
  { "/-/users/users/" .. id },
  { "/-/orders/orders", { args = "customerId=" .. id .. "&limit=10" } },
  { "/-/catalog/recommendations", { args = "customerId=" .. id } },
}
for _, answer in ipairs { user, orders, recommended } do
  if answer.status ~= 200 then
    return ngx.exit(answer.status == 404 and 404 or 502)
  end
end
user, orders, recommended = json.decode(user.body), json.decode(orders.body), json.decode(recommended.body)

local function money(it)
  return { amount = it.amount, currency = it.currency }
end

local shown = {}
for at, order in ipairs(orders.items) do
  local lines = {}
  for place, line in ipairs(order.lines) do
    lines[place] = { sku = line.sku, name = line.name, qty = line.qty }
  end
  shown[at] = {
    id = order.id, status = order.status, placedAt = order.placedAt, total = money(order.total), lines = lines,
  }
end

local sellers = {}
for _, seller in ipairs(recommended.sellers) do
  sellers[seller.id] = { name = seller.name, rating = seller.rating }
end

local picks = {}
for at, item in ipairs(recommended.items) do
  picks[at] = {
    sku = item.sku, name = item.name, brand = item.brand, price = money(item.price), reason = item.reason,
    image = item.images[1] and item.images[1].url or json.null,
    rating = { average = item.rating.average, count = item.rating.count },
    seller = sellers[item.sellerId] or json.null,
  }
end

ngx.print(json.encode {
  user = {
    id = user.id, name = user.name, email = user.email, avatar = user.profile.imageUrl, tier = user.loyalty.tier,
  },
  orders = shown,
  picks = picks,
})
