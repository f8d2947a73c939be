#pragma once
// Words as a shell takes them. Pure.
#include <string>
#include <string_view>

namespace redkeep::app {

/// The word itself where no shell would read anything into it, otherwise quoted; bytes that are not
/// printable as bash's $'\xNN'.
std::string shell_word(std::string_view word);

}  // namespace redkeep::app
