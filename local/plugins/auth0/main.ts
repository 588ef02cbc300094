import { serve } from "../shared/server";
import { auth0 } from "./auth0";

void serve(auth0);
