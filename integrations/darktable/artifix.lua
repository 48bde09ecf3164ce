--[[ darktable: an export target that restores the exported files by the command `artifix`.

  Copy this file to darktable's lua folder and add   require "artifix"   to its luarc. The command must be on the PATH.
  Choose "restore by artifix" as the target storage; the files are written to the folder in the panel.
]]

local dt = require "darktable"

local folder = dt.new_widget("file_chooser_button") {
  title = "folder of restored pictures",
  is_directory = true,
}

-- In single quotes, for a POSIX shell.
local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function store(storage, image, format, filename, number, total, high_quality, extra)
  dt.print(("exported %d of %d"):format(number, total))
end

-- After all are exported: one call for all files, so that the network is loaded once.
local function finalize(storage, image_table, extra)
  if not folder.value then
    dt.print("artifix: choose a folder first")
    return
  end
  local command = "artifix restore"
  for _, exported in pairs(image_table) do
    command = command .. " " .. quoted(exported)
  end
  local done = os.execute(command .. " -o " .. quoted(folder.value) .. " --quiet")
  if done == true or done == 0 then
    dt.print("artifix: the pictures are restored")
  else
    dt.print("artifix: some pictures could not be restored; run it in a terminal to see why")
  end
  for _, exported in pairs(image_table) do
    os.remove(exported)
  end
end

dt.register_storage("artifix", "restore by artifix", store, finalize, nil, nil, folder)
