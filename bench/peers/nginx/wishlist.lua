-- The same calls, the same answer as the others give: first two at once, then twenty at once.
local json = require "cjson"
local capture = ngx.location.capture_multi

local id = ngx.escape_uri(ngx.var.id)
local wishlist, merchants = capture {
  { "/-/catalog/wishlists", { args = "customerId=" .. id } },
  { "/-/catalog/merchants" },
}
for _, answer in ipairs { wishlist, merchants } do
  if answer.status ~= 200 then
    return ngx.exit(answer.status == 404 and 404 or 502)
  end
end
wishlist, merchants = json.decode(wishlist.body), json.decode(merchants.body)

local wanted = {}
for at, marked in ipairs(wishlist.highlights) do
  wanted[at] = { "/-/catalog/products/" .. ngx.escape_uri(marked.sku) }
end
local products = { capture(wanted) }

local function money(it)
  return { amount = it.amount, currency = it.currency }
end

local known = {}
for _, merchant in ipairs(merchants.items) do
  known[merchant.id] = { name = merchant.name, rating = merchant.rating }
end

local wishes = {}
for at, wish in ipairs(wishlist.items) do
  wishes[at] = { name = wish.name, price = money(wish.price), merchant = known[wish.sellerId] or json.null }
end

local highlights = {}
for at, marked in ipairs(wishlist.highlights) do
  local answer = products[at]
  if answer.status ~= 200 then
    return ngx.exit(502)
  end
  local product = json.decode(answer.body)
  highlights[at] = {
    reason = marked.reason,
    product = {
      sku = product.sku, name = product.name, brand = product.brand, price = money(product.price),
      image = product.images[1] and product.images[1].url or json.null,
    },
  }
end

ngx.print(json.encode { wishes = wishes, highlights = highlights })
