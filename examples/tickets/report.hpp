#pragma once

#include <string>

namespace grapnel {
class Client;
}

/// How many tickets there are of each organisation and status, and of the three agents who have
/// most, of those that the client's Viewer sees, in one snapshot.
std::string Report(const grapnel::Client& client);
