#pragma once
// A terminal as a screen: one's own page of it, without a cursor, and keys as they are pressed. All
// of it is put back at the end.
#include <termios.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <optional>
#include <string_view>

namespace redkeep::app {

class Terminal {
 public:
  struct Size {
    std::size_t columns = 80;
    std::size_t rows = 24;
  };

  /// Whether output goes to a terminal, and keys come from one.
  static bool is_there();

  /// `quit` is called once when q is pressed or the terminal is gone; on the executor.
  Terminal(boost::asio::any_io_executor executor, std::function<void()> quit);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// As it is now: windows change.
  Size size() const;
  void show(std::string_view frame) const;

 private:
  void wait_for_key();

  std::function<void()> quit_;
  // Opened anew: to make that of the shell non-blocking would outlive us.
  boost::asio::posix::stream_descriptor keys_;
  std::optional<termios> before_;
  char key_ = 0;
};

}  // namespace redkeep::app
