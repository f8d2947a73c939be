#include "app/content_argument.h"

#include "error/error.h"

namespace redkeep::app {

void add_content_argument(CLI::App& command, ConnectionFlags& flags) {
  command.add_option("directory", flags.content,
                     "The content directory (default: [content] directory of the configuration)");
}

void add_data_flag(CLI::App& command, ConnectionFlags& flags) {
  command.add_option("--data", flags.data,
                     "A data directory, in place of DIR: what its checkpoint and journal say. With "
                     "DIR beside it, DIR is what the journal was begun on");
}

bool means_data_directory(const Settings& settings, const ConnectionFlags& given) {
  return given.data || (!given.content && !settings.options.data_directory.empty());
}

Result<std::string> content_directory(const Settings& settings) {
  if (!settings.options.content_directory.empty()) return settings.options.content_directory;
  return make_error(ErrorKind::InvalidInput,
                    "which content? Name its directory, or set [content] directory in {}",
                    settings.config_file.empty() ? "redkeep.toml" : settings.config_file);
}

}  // namespace redkeep::app
