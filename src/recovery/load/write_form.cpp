#include "recovery/load/write_form.h"

#include <array>

namespace redkeep::recovery {

redis::awaitable<Result<WriteForm>> probe_write_form(redis::Connection& connection,
                                                     const keys::KeySchema& schema) {
  redis::DumpPayload payload;
  const std::array<std::string_view, 2> field{"probe", "1"};
  const std::string key = schema.guard("probe");
  redis::CommandBuffer ask;
  ask.add({"RESTORE", key, "0", payload.hash(field), "REPLACE"});
  ask.add({"HGET", key, "probe"});
  ask.add({"UNLINK", key});
  auto answers = co_await connection.exchange(ask, std::chrono::seconds{5});
  if (!answers) co_return answers.error();
  const bool works = !(*answers)[0].is_error() && (*answers)[1].string() == "1";
  co_return works ? WriteForm::Restore : WriteForm::Plain;
}

}  // namespace redkeep::recovery
