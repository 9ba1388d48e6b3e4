/* SPDX-License-Identifier: BSD-3-Clause */
/* The live trace: a stream of the trace port as a stream of HTTP. */
#ifndef ADMIN_TRACES_H
#define ADMIN_TRACES_H

#include "gateway/admin/admin.h"
#include "gateway/admin/http_server.h"

/* Answers the exchange with what the query asks for. */
void traces_answer(const struct admin_ports *ports, struct http_exchange *exchange,
    const struct http_request *request, bool pcapng);

#endif
