#include "recovery/load/cut_load.h"

#include <filesystem>

#include "error/error.h"
#include "recovery/load/find_graph.h"

namespace redkeep::recovery {
namespace {

redis::awaitable<Result<std::vector<redis::Reply>>> ask_at_leisure(redis::Connection& connection,
                                                                   redis::CommandBuffer commands) {
  co_return co_await connection.exchange(commands, std::chrono::seconds{10});
}

redis::awaitable<Result<std::string>> find_graph_of(redis::Connection& connection,
                                                    const keys::KeySchema& schema) {
  const content::Ask ask = [&connection](redis::CommandBuffer commands) {
    return ask_at_leisure(connection, std::move(commands));
  };
  co_return co_await find_graph_key(ask, schema.prefix());
}

redis::awaitable<Result<std::optional<std::string>>> ask_mark(redis::Connection& connection,
                                                              const keys::KeySchema& schema) {
  redis::CommandBuffer get;
  get.add({"GET", schema.guard("load")});
  const auto answer = co_await ask_at_leisure(connection, std::move(get));
  if (!answer) co_return answer.error();
  const redis::Reply& mark = answer->front();
  if (mark.is_error()) co_return redis::error_from_reply("GET", mark);
  const auto text = mark.string();
  co_return text ? std::optional<std::string>(*text) : std::nullopt;
}

Error other_load_was_cut(const std::string& mark, const std::string& directory) {
  return make_error(ErrorKind::Refused,
                    "a load of another directory, {0}, was cut here or is under way: `redkeep load "
                    "{0} --merge` finishes it, and then this one can be taken over it; for this "
                    "one in its place: `redkeep rebuild {1} --from-scratch`",
                    printable(mark, 4096), printable(directory, 4096));
}

}  // namespace

std::string name_in_mark(const std::string& directory) {
  std::error_code failure;
  const auto absolute = std::filesystem::absolute(directory, failure);
  if (failure) return directory;
  const auto real = std::filesystem::weakly_canonical(absolute, failure);
  std::string name = failure ? absolute.lexically_normal().string() : real.string();
  if (name.size() > 1 && name.back() == '/') name.pop_back();  // of "content/" that is not there
  return name;
}

bool is_mark_of(const std::string& mark, const std::string& directory) {
  return mark == directory || name_in_mark(mark) == name_in_mark(directory);
}

redis::awaitable<Result<std::optional<std::string>>> ask_cut_load(redis::Connection& connection,
                                                                  const keys::KeySchema& schema) {
  auto mark = co_await ask_mark(connection, schema);
  if (!mark || !*mark) co_return mark;
  const auto found = co_await find_graph_of(connection, schema);
  if (!found) co_return found.error();
  if (found->empty()) mark->reset();
  co_return mark;
}

redis::awaitable<Result<bool>> must_merge(redis::Connection& connection,
                                          const keys::KeySchema& schema,
                                          const LoadOptions& options) {
  const auto mark = co_await ask_mark(connection, schema);
  if (!mark) co_return mark.error();
  const bool is_other =
      *mark && !options.despite_cut_load && !is_mark_of(**mark, options.directory);
  if (options.merge && !is_other) co_return true;
  const auto found = co_await find_graph_of(connection, schema);
  if (!found) co_return found.error();
  if (found->empty()) co_return options.merge;
  if (is_other) co_return other_load_was_cut(**mark, options.directory);
  if (*mark && options.finish_cut_load) co_return true;
  co_return make_error(
      ErrorKind::Refused, "{}",
      *mark ? fmt::format("a load of {0} was cut here: `redkeep load {0} --merge` finishes it",
                          printable(options.directory, 4096))
            : fmt::format("there is content already ({}): `redkeep load --merge` takes the new "
                          "content over it",
                          printable(*found)));
}

}  // namespace redkeep::recovery
