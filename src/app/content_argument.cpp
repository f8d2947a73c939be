#include "app/content_argument.h"

#include <filesystem>

#include "error/error.h"

namespace redkeep::app {

void add_content_argument(CLI::App& command, ConnectionFlags& flags) {
  command
      .add_option("directory", flags.content,
                  "The content directory (default: [content] directory of the configuration)")
      ->each([&flags](const std::string&) { flags.content_is_argument = true; });
}

void add_data_flag(CLI::App& command, ConnectionFlags& flags) {
  command.add_option("--data", flags.data,
                     "A data directory, in place of DIR: what its checkpoint and journal say. With "
                     "DIR beside it, DIR is what the journal was begun on");
}

bool means_data_directory(const Settings& settings, const ConnectionFlags& given) {
  return given.data || (!given.content && !settings.options.data_directory.empty());
}

Status require_content_directory(const std::string& directory) {
  std::error_code failure;
  if (std::filesystem::is_directory(directory, failure)) return {};
  return make_error(ErrorKind::InvalidInput, "there is no content directory {}",
                    printable(directory));
}

Result<std::string> content_directory(const Settings& settings) {
  const std::string& directory = settings.options.content_directory;
  if (!directory.empty()) {
    const Status there = require_content_directory(directory);
    return there ? Result<std::string>(directory) : Result<std::string>(there.error());
  }
  return make_error(ErrorKind::InvalidInput,
                    "which content? Name its directory, or set [content] directory in {}",
                    settings.config_file.empty() ? "redkeep.toml" : settings.config_file);
}

}  // namespace redkeep::app
