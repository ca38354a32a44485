-- A headless neovim with the language server: waits for diagnostics, asks, fixes, waits again.
-- Each finding is a line `name<TAB>text`, for the test that started it.

local function say(name, text)
  io.stdout:write(name .. "\t" .. tostring(text):gsub("\n", "\\n") .. "\n")
end

local function messages()
  local found = {}
  for _, one in ipairs(vim.diagnostic.get(0)) do
    table.insert(found, (one.lnum + 1) .. ":" .. (one.col + 1) .. " " .. one.message)
  end
  return found
end

local function ask(method, line, column)
  local params = {
    textDocument = vim.lsp.util.make_text_document_params(),
    position = { line = line - 1, character = column - 1 },
  }
  local answers = vim.lsp.buf_request_sync(0, method, params, 20000) or {}
  for _, answer in pairs(answers) do
    return answer.result
  end
end

vim.cmd("edit " .. vim.env.CONFIG)
vim.bo.filetype = "yaml"
local settings = {
  name = "roundel",
  cmd = { vim.env.ROUNDEL, "lsp" },
  root_dir = vim.env.REPOSITORY,
  init_options = { orbs = "orbs" },
}
-- `vim.lsp.start` came with neovim 0.8.
if vim.lsp.start then
  vim.lsp.start(settings)
else
  vim.lsp.buf_attach_client(0, vim.lsp.start_client(settings))
end

vim.wait(60000, function() return #messages() > 0 end, 20)
for _, message in ipairs(messages()) do
  say("diagnostic", message)
end

vim.api.nvim_buf_set_lines(0, 7, 8, false, { "    steps:" })
vim.wait(60000, function() return #messages() == 0 end, 20)
say("fixed", #messages())

local hover = ask("textDocument/hover", 6, 7)
say("hover", hover and hover.contents.value or "nothing")

local completion = ask("textDocument/completion", 9, 9)
local labels = {}
for _, item in ipairs(completion and completion.items or {}) do
  table.insert(labels, item.label)
end
say("completion", table.concat(labels, " "))

local definition = ask("textDocument/definition", 9, 15)
local target = definition and definition[1] or {}
local uri, range = target.targetUri or target.uri, target.targetSelectionRange or target.range
if uri then
  local source = vim.fn.readfile(vim.uri_to_fname(uri))
  say("definition", source[range.start.line + 1])
end

local symbols = ask("textDocument/documentSymbol", 1, 1)
local names = {}
for _, symbol in ipairs(symbols or {}) do
  table.insert(names, symbol.name)
end
say("symbols", table.concat(names, " "))

vim.lsp.stop_client(vim.lsp.get_active_clients())
vim.wait(10000, function() return #vim.lsp.get_active_clients() == 0 end, 20)
vim.cmd("qall!")
