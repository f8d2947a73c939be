#include "recovery/verify/set_members.h"

#include "error/error.h"

namespace redkeep::recovery {

redis::awaitable<Status> each_member(content::Ask ask, std::string key,
                                     std::function<Status(std::string_view)> take) {
  std::string cursor = "0";
  do {
    redis::CommandBuffer commands;
    commands.add({"SSCAN", key, cursor, "COUNT", "1000"});
    auto replies = co_await ask(std::move(commands));
    if (!replies) co_return replies.error();
    const redis::Reply& page = replies->front();
    if (!page.is_array() || page.elements.size() != 2 || !page.elements[0].is_string()) {
      co_return redis::unexpected_reply("SSCAN " + printable(key), page);
    }
    cursor = page.elements[0].text;
    for (const auto& member : page.elements[1].elements) {
      if (const Status taken = take(member.text); !taken) co_return taken;
    }
  } while (cursor != "0");
  co_return Status{};
}

}  // namespace redkeep::recovery
